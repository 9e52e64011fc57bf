"""Write the reference pages: `python -m talk_assets_tests.docs`."""

from talk_assets_tests.docs import pages, prose

if __name__ == "__main__":
    for page in pages.PAGES:
        path = prose.ROOT / page
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(pages.written(page), "utf-8")
        print(page)
