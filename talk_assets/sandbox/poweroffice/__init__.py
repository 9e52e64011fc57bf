"""PowerOffice Go's first API, emulated for two clients: `api` and `reading` answer, `data` fills them."""
