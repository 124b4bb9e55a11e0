"""What to label next: strategies, predicted effort, near-doubles. Arrays in, numbers and sentences out."""
