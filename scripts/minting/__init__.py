"""The parts of mint_fixtures.py: keys, tokens, conversations, and the files they become."""
