// Nothing runs anywhere.
