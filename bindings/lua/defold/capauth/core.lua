-- For Defold's builder, which wants a file for each require. In the engine the extension has put the C module into
-- package.loaded, and this is not run.
error("capauth has no library for this platform: see its folder lib", 0)
