"""What runs a network: plain torch, OpenVINO, CUDA; all behind the one protocol of a segmenter."""
