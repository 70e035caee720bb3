using Tenon.Server.Hosting;
using Xunit;

namespace Tenon.Server.Tests.Hosting;

public sealed class RehearsalTests
{
    /// <summary>The server's start does not hang on it, so that nothing else would tell of a rehearsal that fails.</summary>
    [Fact]
    public async Task The_framework_answers_in_memory()
    {
        Task rehearsal = Rehearsal.Begin();
        await rehearsal.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Same(rehearsal, Rehearsal.Begin());
    }
}
