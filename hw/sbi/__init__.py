"""Client of the Secure Biometric Interface (SBI), the wire of slap scanners and dual-iris cameras."""
