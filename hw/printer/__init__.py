"""The slip printer."""
