using Npgsql;
using Tenon.Core.Errors;
using Tenon.Sources.Postgres;
using Tenon.Testing;
using Xunit;

namespace Tenon.Sources.Tests.Postgres;

public sealed class PostgresPoolTests
{
    [Fact]
    public async Task A_request_that_finds_every_connection_in_use_is_told_so()
    {
        await using PostgresPool pool = Pool(size: 1);
        PostgresConnection held = await pool.RentAsync(null, Token);
        TenonException refused = await Assert.ThrowsAsync<TenonException>(async () => await pool.RentAsync(null, Token));
        Assert.Equal(ErrorCodes.PoolTimeout, refused.Error.Code);
        Assert.Equal(504, refused.Error.Code.Status);
        pool.Return(held, clean: true);
        Assert.Same(held, await pool.RentAsync(null, Token));
    }

    [Fact]
    public async Task A_connection_that_ran_as_the_same_role_is_taken_first()
    {
        await using PostgresPool pool = Pool(size: 2);
        PostgresConnection anon = await pool.RentAsync("anon", Token);
        PostgresConnection user = await pool.RentAsync("authenticated", Token);
        (anon.Role, user.Role) = ("anon", "authenticated");
        pool.Return(anon, clean: true);
        pool.Return(user, clean: true);
        Assert.Same(anon, await pool.RentAsync("anon", Token));
        Assert.Same(user, await pool.RentAsync("anon", Token));
    }

    [Fact]
    public async Task A_connection_that_broke_is_not_given_out_again()
    {
        await using PostgresPool pool = Pool(size: 1);
        PostgresConnection broken = await pool.RentAsync(null, Token);
        pool.Return(broken, clean: false);
        Assert.NotSame(broken, await pool.RentAsync(null, Token));
    }

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static PostgresPool Pool(int size)
    {
        Assert.SkipWhen(PrivatePostgres.Shared is null, "PostgreSQL is not installed");
        var source = NpgsqlDataSource.Create(PrivatePostgres.Shared!.ConnectionString + ";Pooling=false");
        return new PostgresPool(source, size, TimeSpan.FromMilliseconds(50));
    }
}
