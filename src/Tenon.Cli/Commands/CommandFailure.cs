namespace Tenon.Cli.Commands;

/// <summary>A command cannot do what it was asked; the message names the thing and the mend.</summary>
internal sealed class CommandFailure(string message) : Exception(message);
