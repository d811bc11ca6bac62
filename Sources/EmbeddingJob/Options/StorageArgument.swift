public import ArgumentParser
public import BatchJob

// Public as both sides are; nobody imports an executable.
extension ModelChange.Storage: ExpressibleByArgument {}
