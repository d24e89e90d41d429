"""The self-driving enrollment: a robot touches the real screen, simulated people use the real devices."""
