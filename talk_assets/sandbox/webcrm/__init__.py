"""Webcrm, emulated: `api` and `reading` answer, `properties` says what records hold, `data` fills it."""
