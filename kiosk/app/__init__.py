"""The controller: owns the state, runs effects, computes views. Knows nothing of Kivy."""
