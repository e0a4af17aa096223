"""The credentials of all upstreams, and what is known of each: in use, counted, limited, resting, dead.

options     what may be set
counting    calls and tokens within a window of time
history     failures of late: when they are enough for a rest
rest        a time to be left alone, and why
keys        what is known of one credential, per group of models that share a quota
places      what is known of one upstream and of its models
choosing    which credential goes next
gauges      what providers' rate-limit headers say
judging     what a success or a failure changes
lending     whether a key may go, and what is counted
cycle       whose turn it is
pools       leases of credentials: the one entrance
showing     all of it as JSON, without a secret
"""
