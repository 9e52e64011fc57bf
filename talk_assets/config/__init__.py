"""What was configured: `talk.toml` and the environment, checked, and put together with the systems.

Every error is one line that names the place, what was found and what would be right. Add a setting here, with its
check; what it does belongs to whom it is for.
"""
