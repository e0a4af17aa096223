"""The state of the Responses API over any upstream: stored responses, lineage, background jobs, WebSocket.

service    the endpoints; start here
lineage    what `previous_response_id` means: the input that the upstream sees
tee        a reply on its way to the client: stored, then told
store      what is kept, and where: `memory`, `sqlite`
jobs       responses in the background
websocket  one client's WebSocket
compacting a conversation made short
"""
