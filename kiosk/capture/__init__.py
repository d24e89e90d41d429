"""Live capture: frames in, judged one at a time; guidance, samples and faults out as events."""
