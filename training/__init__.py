"""The recipe that makes the embedded starter model: synthesis, codec, tokens, language model, scores, export.

Needs torch and transformers; the product itself imports nothing from here.
"""
