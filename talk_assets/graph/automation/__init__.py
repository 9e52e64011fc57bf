"""What runs by itself: schedules, sensors and alerts.

Add a sensor or a schedule. Each can be switched off in the Dagster UI, and says in its tick why it did nothing.
"""
