// The system calls of the load loop. One thread on epoll costs the machine a few microseconds a request,
// so that on shared cores the figures are the server's and not the generator's.
using System.Runtime.InteropServices;

namespace Tenon.Benchmarks.Load;

internal static partial class Kernel
{
    public const int DontWait = 0x40;
    public const int NoSignal = 0x4000;
    public const uint Readable = 0x001;
    public const int Add = 1;
    public const int TryAgain = 11;
    public const int Interrupted = 4;
    public const int Terminate = 15;

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    public static partial int CreatePoll(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    public static partial int Control(int poll, int operation, int descriptor, ref PollEvent change);

    [LibraryImport("libc", EntryPoint = "epoll_wait", SetLastError = true)]
    public static unsafe partial int Wait(int poll, PollEvent* events, int capacity, int milliseconds);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    public static unsafe partial nint Receive(int socket, byte* buffer, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    public static unsafe partial nint Send(int socket, byte* buffer, nint length, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Signal(int process, int signal);

    /// <summary>The kernel's struct epoll_event, packed as on x86-64.</summary>
    [StructLayout(LayoutKind.Sequential, Pack = 1)]
    public struct PollEvent
    {
        public uint Events;
        public int Index;
        public int Unused;
    }
}
