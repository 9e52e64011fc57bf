"""What the documentation generates and what it must hold to: reference pages, shown output, words, links, the site.

    words    the agreed words, and those that were dropped
    pages    the reference pages, from the code
    shown    output and tables within pages that are written by hand
    prose    the text of a page without its code, its links and its headings
    site     the pages put together for the site generator, and whether the site needs the web

Nothing here ships. `python -m talk_assets_tests.docs` writes what is generated from the code; `make docs` builds the
site. How a command prints is the concern of `cli`.
"""
