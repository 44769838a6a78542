"""The stages that turn a trained model into a released one: export, parity, quantize, benchmark, bundle."""
