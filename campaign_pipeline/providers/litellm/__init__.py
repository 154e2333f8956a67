"""Music from a model behind a LiteLLM proxy.

Belongs here: what a request says in words, and how the proxy is asked.
Does not belong here: calls over HTTP (providers.transport), making the answer what was asked (providers.finishing).
"""
