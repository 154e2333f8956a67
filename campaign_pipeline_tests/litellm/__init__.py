"""A real LiteLLM proxy between the pipeline and a model: `make test-litellm`, and no part of the other tests."""
