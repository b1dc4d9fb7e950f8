"""The popovers under the chips of the top bar: one file a subject."""
