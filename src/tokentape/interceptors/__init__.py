"""One file per HTTP library: hook it, ask the deck in force, play what it answers.

No interceptor knows a record mode, a key or a store; the deck knows no library (`base.Tape` is all they
see of each other). `registry` attaches and detaches them, `imports` waits for libraries that the program
has not imported yet, `claim` keeps stacked libraries from recording one request twice.
"""
