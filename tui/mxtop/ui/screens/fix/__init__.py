"""The fix screen: finding, change, effect, commands, consent; then what happens, and keep or take back."""
