using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Tenon.Sources.Sqlite;

namespace Tenon.Sources.Tests.Sqlite;

/// <summary>What the shim does to the disk from its n-th write, sync or truncate on.</summary>
internal enum FaultKind
{
    None,

    /// <summary>One write stores half its bytes and reports a full disk.</summary>
    FullOnce,

    /// <summary>Every write does so until the shim is disarmed.</summary>
    FullForGood,

    /// <summary>One write, truncate or sync reports an I/O error; a failed write stores half, a failed sync nothing more.</summary>
    ErrorOnce,

    /// <summary>One sync reports an I/O error although everything was stored.</summary>
    SyncErrorOnce,

    /// <summary>The power goes: nothing succeeds any more, and what was not synced is undone by <see cref="FaultVfs.LosePower"/>.</summary>
    PowerLoss,
}

/// <summary>
/// A virtual file system over SQLite's default one that fails the n-th operation that changes the disk. Real syncs are
/// left out (no test loses real power). One plan at a time; locks and shared memory pass through.
/// </summary>
internal static unsafe class FaultVfs
{
    public const string Name = "tenon-fault";

    private const int IoErrSync = Native.IoErrFsync;
    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, Stack<(long At, byte[] Before, long Size)>> Unsynced = [];
    private static readonly Dictionary<nint, string> Names = [];
    private static SqliteVfs* real;
    private static SqliteVfs* mine;
    private static IoMethods* methods;
    private static FaultKind kind;
    private static int failAt;

    /// <summary>Operations counted since the plan was armed.</summary>
    public static int Count { get; private set; }

    /// <summary>True when the plan's operation was reached.</summary>
    public static bool Fired { get; private set; }

    public static void Arm(FaultKind fault, int operation)
    {
        lock (Gate)
        {
            Register();
            (kind, failAt, Count, Fired) = (fault, operation, 0, false);
            Unsynced.Clear();
        }
    }

    public static void Disarm()
    {
        lock (Gate)
            kind = FaultKind.None;
    }

    /// <summary>After all connections are closed: undoes the writes that no sync confirmed, newest first.</summary>
    public static void LosePower(Random random)
    {
        foreach ((string path, Stack<(long At, byte[] Before, long Size)> writes) in Unsynced)
        {
            if (!File.Exists(path))
                continue;
            // The disk may have taken any prefix of what was in flight.
            int keep = random.Next(writes.Count + 1);
            using FileStream file = File.Open(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            while (writes.Count > keep)
            {
                (long at, byte[] before, long size) = writes.Pop();
                file.Position = at;
                file.Write(before);
                file.SetLength(size);
            }
        }
    }

    private static void Register()
    {
        if (mine != null)
            return;
        real = (SqliteVfs*)Native.sqlite3_vfs_find(null);
        mine = (SqliteVfs*)NativeMemory.AllocZeroed((nuint)sizeof(SqliteVfs));
        *mine = *real;
        mine->Next = null;
        mine->FileBytes = real->FileBytes + sizeof(nint);
        byte[] name = SqliteConnection.Utf8z(Name);
        mine->Name = (byte*)NativeMemory.Alloc((nuint)name.Length);
        name.CopyTo(new Span<byte>(mine->Name, name.Length));
        mine->Open = &OnOpen;
        _ = Native.sqlite3_vfs_register((nint)mine, 0);
    }

    // Decides about one operation: the code to fail with, or zero.
    private static int Next(int errorCode, bool isWrite, bool isSync)
    {
        if (kind == FaultKind.None)
            return 0;
        bool counts = kind switch
        {
            FaultKind.FullOnce or FaultKind.FullForGood => isWrite,
            FaultKind.SyncErrorOnce => isSync,
            _ => true,
        };
        if (!counts)
            return 0;
        Count++;
        bool forGood = kind is FaultKind.FullForGood or FaultKind.PowerLoss;
        if (Count != failAt && !(forGood && Count > failAt))
            return 0;
        Fired = true;
        return kind is FaultKind.FullOnce or FaultKind.FullForGood ? Native.Full : errorCode;
    }

    private static nint* Inner(nint* file) => file + 1;

    private static IoMethods* Of(nint* inner) => (IoMethods*)inner[0];

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnOpen(SqliteVfs* vfs, byte* name, nint* file, int flags, int* outFlags)
    {
        nint* inner = Inner(file);
        int code = real->Open(real, name, inner, flags, outFlags);
        if (inner[0] == 0)
        {
            file[0] = 0;
            return code;
        }
        lock (Gate)
        {
            if (methods == null)
                methods = Wrap(Of(inner));
            Names[(nint)file] = Marshal.PtrToStringUTF8((nint)name) ?? "";
        }
        file[0] = (nint)methods;
        return code;
    }

    // The default file system uses one set of methods for files with shared memory; the shape is the same for all.
    private static IoMethods* Wrap(IoMethods* of)
    {
        IoMethods* wrapped = (IoMethods*)NativeMemory.AllocZeroed((nuint)sizeof(IoMethods));
        wrapped->Version = 2;
        wrapped->Close = &OnClose;
        wrapped->Read = &OnRead;
        wrapped->Write = &OnWrite;
        wrapped->Truncate = &OnTruncate;
        wrapped->Sync = &OnSync;
        wrapped->FileSize = &OnFileSize;
        wrapped->Lock = &OnLock;
        wrapped->Unlock = &OnUnlock;
        wrapped->CheckReservedLock = &OnCheck;
        wrapped->FileControl = &OnControl;
        wrapped->SectorSize = &OnSector;
        wrapped->Characteristics = &OnCharacteristics;
        wrapped->ShmMap = &OnShmMap;
        wrapped->ShmLock = &OnShmLock;
        wrapped->ShmBarrier = &OnShmBarrier;
        wrapped->ShmUnmap = &OnShmUnmap;
        return wrapped;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnWrite(nint* file, byte* data, int length, long at)
    {
        nint* inner = Inner(file);
        lock (Gate)
        {
            int fault = Next(Native.IoErrWrite, true, false);
            Remember(file, inner, at, length);
            if (fault == 0)
                return Of(inner)->Write(inner, data, length, at);
            _ = Of(inner)->Write(inner, data, length / 2, at);
            return fault;
        }
    }

    private static void Remember(nint* file, nint* inner, long at, int length)
    {
        if (kind != FaultKind.PowerLoss)
            return;
        long size;
        _ = Of(inner)->FileSize(inner, &size);
        byte[] before = new byte[(int)Math.Clamp(size - at, 0, length)];
        fixed (byte* bytes = before)
            if (before.Length > 0)
                _ = Of(inner)->Read(inner, bytes, before.Length, at);
        string name = Names[(nint)file];
        if (!Unsynced.TryGetValue(name, out var writes))
            Unsynced[name] = writes = new();
        writes.Push((at, before, size));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnTruncate(nint* file, long size)
    {
        nint* inner = Inner(file);
        lock (Gate)
        {
            long now;
            _ = Of(inner)->FileSize(inner, &now);
            if (size < now)
                Remember(file, inner, size, (int)Math.Min(now - size, int.MaxValue));
            int fault = Next(Native.IoErrTruncate, false, false);
            return fault != 0 ? fault : Of(inner)->Truncate(inner, size);
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnSync(nint* file, int flags)
    {
        lock (Gate)
        {
            int fault = Next(IoErrSync, false, true);
            if (fault == 0)
                Unsynced.Remove(Names[(nint)file]);
            return fault;
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnClose(nint* file)
    {
        lock (Gate)
            Names.Remove((nint)file);
        return Of(Inner(file))->Close(Inner(file));
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnRead(nint* file, byte* data, int length, long at) =>
        Of(Inner(file))->Read(Inner(file), data, length, at);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnFileSize(nint* file, long* size) => Of(Inner(file))->FileSize(Inner(file), size);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnLock(nint* file, int level) => Of(Inner(file))->Lock(Inner(file), level);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnUnlock(nint* file, int level) => Of(Inner(file))->Unlock(Inner(file), level);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnCheck(nint* file, int* result) => Of(Inner(file))->CheckReservedLock(Inner(file), result);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnControl(nint* file, int operation, nint argument) =>
        Of(Inner(file))->FileControl(Inner(file), operation, argument);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnSector(nint* file) => Of(Inner(file))->SectorSize(Inner(file));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnCharacteristics(nint* file) => Of(Inner(file))->Characteristics(Inner(file));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnShmMap(nint* file, int region, int size, int extend, nint* memory) =>
        Of(Inner(file))->ShmMap(Inner(file), region, size, extend, memory);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnShmLock(nint* file, int at, int count, int flags) =>
        Of(Inner(file))->ShmLock(Inner(file), at, count, flags);

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void OnShmBarrier(nint* file) => Of(Inner(file))->ShmBarrier(Inner(file));

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int OnShmUnmap(nint* file, int delete) => Of(Inner(file))->ShmUnmap(Inner(file), delete);
}

/// <summary>sqlite3_vfs, as far as the shim needs it by name; the rest is copied as it is.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct SqliteVfs
{
    public int Version;
    public int FileBytes;
    public int MaxPath;
    public SqliteVfs* Next;
    public byte* Name;
    public nint App;
    public delegate* unmanaged[Cdecl]<SqliteVfs*, byte*, nint*, int, int*, int> Open;
    public fixed long Rest[16];
}

/// <summary>sqlite3_io_methods, version 2 (no memory mapping).</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct IoMethods
{
    public int Version;
    public delegate* unmanaged[Cdecl]<nint*, int> Close;
    public delegate* unmanaged[Cdecl]<nint*, byte*, int, long, int> Read;
    public delegate* unmanaged[Cdecl]<nint*, byte*, int, long, int> Write;
    public delegate* unmanaged[Cdecl]<nint*, long, int> Truncate;
    public delegate* unmanaged[Cdecl]<nint*, int, int> Sync;
    public delegate* unmanaged[Cdecl]<nint*, long*, int> FileSize;
    public delegate* unmanaged[Cdecl]<nint*, int, int> Lock;
    public delegate* unmanaged[Cdecl]<nint*, int, int> Unlock;
    public delegate* unmanaged[Cdecl]<nint*, int*, int> CheckReservedLock;
    public delegate* unmanaged[Cdecl]<nint*, int, nint, int> FileControl;
    public delegate* unmanaged[Cdecl]<nint*, int> SectorSize;
    public delegate* unmanaged[Cdecl]<nint*, int> Characteristics;
    public delegate* unmanaged[Cdecl]<nint*, int, int, int, nint*, int> ShmMap;
    public delegate* unmanaged[Cdecl]<nint*, int, int, int, int> ShmLock;
    public delegate* unmanaged[Cdecl]<nint*, void> ShmBarrier;
    public delegate* unmanaged[Cdecl]<nint*, int, int> ShmUnmap;
}
