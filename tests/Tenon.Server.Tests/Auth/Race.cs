namespace Tenon.Server.Tests.Auth;

/// <summary>Fifty askers that start together; a few rounds of each race, a thousand with TENON_NIGHTLY=1.</summary>
internal static class Race
{
    public const int AtOnce = 50;
    private static readonly bool Nightly = Environment.GetEnvironmentVariable("TENON_NIGHTLY") == "1";

    public static int Rounds(int few) => Nightly ? 1000 : few;

    public static async Task<T[]> AllAtOnceAsync<T>(Func<int, Task<T>> ask)
    {
        using var gate = new SemaphoreSlim(0);
        Task<T>[] all =
        [
            .. Enumerable.Range(0, AtOnce).Select(async i =>
            {
                await gate.WaitAsync(TestContext.Current.CancellationToken);
                return await ask(i);
            }),
        ];
        gate.Release(AtOnce);
        return await Task.WhenAll(all);
    }
}
