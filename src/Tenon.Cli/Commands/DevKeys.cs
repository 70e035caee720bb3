using System.Collections.Concurrent;

namespace Tenon.Cli.Commands;

/// <summary>Single keys while tenon dev runs in a terminal; nothing is read from a pipe.</summary>
internal sealed class DevKeys : IDisposable
{
    private readonly ConcurrentQueue<char> pressed = new();

    public static DevKeys Listen()
    {
        var keys = new DevKeys();
        if (!Console.IsInputRedirected)
        {
            // A blocking read cannot be taken back; as a background thread it ends with the process.
            new Thread(keys.Read) { IsBackground = true, Name = "tenon-keys" }.Start();
        }
        return keys;
    }

    public char? Take() => pressed.TryDequeue(out char key) ? key : null;

    private void Read()
    {
        try
        {
            while (true)
            {
                pressed.Enqueue(char.ToLowerInvariant(Console.ReadKey(intercept: true).KeyChar));
            }
        }
        catch (InvalidOperationException)
        {
            // The terminal has gone; whoever started it ends it by a signal.
        }
    }

    public void Dispose() => pressed.Clear();
}
