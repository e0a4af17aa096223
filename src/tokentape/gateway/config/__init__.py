"""The gateway's configuration: one TOML file, checked as a whole.

Read `document` (the tables), `reading` (a file to a document, or every error in it), `building` (a document
to what the parts of the gateway take). Only this package knows pydantic.
"""
