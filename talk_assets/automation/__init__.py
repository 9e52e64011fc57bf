"""What happens by itself: systems are watched, everything is read in full at night, and failures are told to somebody.

    settings      what may be said of it in talk.toml
    watching      one sensor per system: what changed there, and the run that follows
    housekeeping  the nightly schedules, and runs whose process died
    alerts        failures, to a webhook

Nothing here opens the database, except the run that prunes it.
"""
