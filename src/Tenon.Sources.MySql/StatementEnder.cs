using System.Collections.Concurrent;
using MySqlConnector;

namespace Tenon.Sources.MySql;

/// <summary>
/// Ends statements that nobody waits for, on a thread and a connection of its own: what has to be ended may hold every
/// connection of the pool, and threads that wait for answers may be all the thread pool has. Asks again while they still run,
/// since the database forgets what comes before a statement has begun.
/// </summary>
internal sealed class StatementEnder(MySqlConnectionStringBuilder settings) : IDisposable
{
    private static readonly TimeSpan Again = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(30);

    private readonly string connectTo = new MySqlConnectionStringBuilder(settings.ConnectionString)
    {
        Pooling = false,
        ConnectionTimeout = 2,
        DefaultCommandTimeout = 5,
    }.ConnectionString;

    private readonly BlockingCollection<Order> orders = [];
    private readonly Lock starting = new();
    private Thread? thread;
    private MySqlConnection? over;

    private readonly record struct Order(MySqlLease Lease, MySqlCommand Statement);

    /// <summary>Returns at once; the statement ends soon after.</summary>
    public void End(MySqlLease lease, MySqlCommand statement)
    {
        lock (starting)
        {
            if (orders.IsAddingCompleted)
            {
                return;
            }
            orders.Add(new Order(lease, statement));
            if (thread is null)
            {
                thread = new Thread(Run) { IsBackground = true, Name = "statement ender" };
                thread.Start();
            }
        }
    }

    private void Run()
    {
        var pending = new List<Order>();
        while (!orders.IsCompleted)
        {
            TimeSpan wait = pending.Count > 0 ? Again : over is null ? Timeout.InfiniteTimeSpan : Idle;
            if (orders.TryTake(out Order order, wait))
            {
                pending.Add(order);
            }
            else if (pending.Count == 0)
            {
                Close();
            }
            pending.RemoveAll(o => !EndOne(o));
        }
        Close();
    }

    /// <summary>False: it runs no more.</summary>
    private bool EndOne(Order order)
    {
        try
        {
            // Connecting takes time, in which the statement may end by itself: its lease is asked afterwards and not kept waiting.
            return order.Lease.IsRunning(order.Statement) && order.Lease.EndOver(over ??= Connect(), order.Statement);
        }
        catch (MySqlException failure) when (failure.ErrorCode == MySqlErrorCode.NoSuchThread)
        {
            return false;
        }
        catch (Exception)
        {
            // Whatever it was, the statement still runs and a thread of one's own may not throw: over a new connection, the next
            // time. Where none is to be had the database's own bound of a statement ends it.
            Close();
            return true;
        }
    }

    private MySqlConnection Connect()
    {
        var connection = new MySqlConnection(connectTo);
        try
        {
            connection.Open();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private void Close()
    {
        over?.Dispose();
        over = null;
    }

    public void Dispose()
    {
        lock (starting)
        {
            if (orders.IsAddingCompleted)
            {
                return;
            }
            orders.CompleteAdding();
        }
        thread?.Join();
    }
}
