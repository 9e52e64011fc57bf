"""The Dagster UI as a person meets it, in a real browser: `walk` is what they do, `instance` what they look at.

`test_ui` walks over a few records, `python -m talk_assets_tests.ui` over the demo, and writes the README's screenshots.
"""
