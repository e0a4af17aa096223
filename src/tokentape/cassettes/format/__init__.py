"""The cassette file, version 1: readable, deterministic, exact.

Read in this order:

    layout        one block of text per interaction, and the file around the blocks
    index         finds the blocks in a file without parsing them; full parse for any other layout
    damage        what is wrong with a file, where, and what to do
    upgrade       older versions, one step at a time
    interaction   an interaction as JSON and back; `message`, `fields`, `mend` serve it
    body          the form a body is shown in: `jsonform`, `sseform`, `ndjsonform`, `awsform`,
                  `multipartform`, `textform`, and how each is written (`bodytext`)
    styles        the JSON spellings of the world; `patch` for the odd ones, `folding` for long
                  texts, `escapes` for what a reviewer could not see
"""
