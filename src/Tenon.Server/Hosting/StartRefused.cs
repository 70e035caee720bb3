namespace Tenon.Server.Hosting;

/// <summary>The server does not start like this; the message names the thing and the mend, in one line.</summary>
internal sealed class StartRefused(string message) : Exception(message);
