"""Which conversation a call belongs to, where nobody may have said so.

Read `identity` (what is asked and told), then `tracker` (in which order the evidence counts). `chain` is how
histories are compared, `markers` what clients send, `affinity` which credential goes on with a conversation.
"""
