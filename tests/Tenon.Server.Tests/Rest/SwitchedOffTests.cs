using Tenon.Core.Errors;
using Tenon.Server.Rest;
using Tenon.Server.Tests.Hosting;

namespace Tenon.Server.Tests.Rest;

/// <summary>What [api] switches off answers with its own code.</summary>
public sealed class SwitchedOffTests
{
    private const string Schema = "create table notes (id int primary key, size int); grant select on notes to anon;";

    [Fact]
    public async Task Aggregates_switched_off_are_refused()
    {
        await using TestApp app = await TestApp.StartAsync(Schema, configure: o => o with { Rest = new RestOptions { Aggregates = false } });
        var (status, body) = await app.SendAsync("GET", "/rest/v1/notes?select=size.sum()");
        Assert.Equal(400, status);
        Assert.Contains($"\"{ErrorCodes.AggregatesDisabled}\"", body);
    }

    [Fact]
    public async Task The_root_document_switched_off_is_not_found()
    {
        await using TestApp app = await TestApp.StartAsync(Schema, configure: o => o with { Rest = new RestOptions { OpenApi = false } });
        var (status, body) = await app.SendAsync("GET", "/rest/v1/");
        Assert.Equal(404, status);
        Assert.Contains($"\"{ErrorCodes.RootDisabled}\"", body);
    }

    [Fact]
    public void A_result_past_its_ceiling_is_refused_before_memory_is_taken()
    {
        using var buffer = new ByteBuffer(1 << 20);
        var refused = Assert.Throws<TenonException>(() =>
        {
            for (int i = 0; i < 1025; i++)
            {
                buffer.Add(new byte[1024]);
            }
        });
        Assert.Equal(ErrorCodes.ResultTooLarge, refused.Error.Code);
    }
}
