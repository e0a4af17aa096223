"""What people look at: pages that need nothing but a browser.

`html.write_html` writes a report as one file. `bundle/` holds the front end as it was built from `/viewer` of
the repository (`make viewer`).
"""
