"""What was configured: `talk.toml` and the environment, checked, and put together with the systems.

Every error is one line that names the place, what was found and what would be right. A setting is a field of a model:
in `talk_file` if it is general, in `api_sections` or `lens_sections` if it says how a system's API is used. Messages,
the JSON Schema, the reference page and `talk config show` follow from the models. What a setting does belongs to whom
it is for.
"""
