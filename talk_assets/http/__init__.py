"""Speaking HTTP with a business system: authentication, rate limit, retries, paging, a REST connection made of data.

Nothing here knows which system it speaks with; what is peculiar to one system belongs in `systems/`. What the hub
decides belongs in `sync/`, which never imports this package.
"""
