using ClipFunctions.Testing;
using ClipFunctions.Testing.Hostile;

namespace ClipFunctions.Reliability.Tests.Hostile;

/// <summary>
/// Hostile requests to every endpoint of a real host: each is answered soon, none by a fault of the server's, every error is a problem by RFC 9457 that tells nothing of the
/// host's inside; and afterwards the host answers as before. The long form is <see cref="HostileRequestSoakTests"/>.
/// </summary>
public sealed class HostileRequestTests(AzuriteServer azurite)
{
    private const int Mutations = 1500;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task EveryAnswerComesSoonAndIsAProblemThatTellsNothing()
    {
        IReadOnlyDictionary<int, int> statuses = await RequestStorm.RunAsync(
            azurite, requests => [.. requests.Crafted(), .. Enumerable.Range(0, Mutations).Select(i => requests.Mutation(HostilePictures.DefaultSeed, i))], Limit);

        Assert.All((int[])[200, 400, 404, 405, 413, 415], status => Assert.True(statuses.GetValueOrDefault(status) > 0, $"Nothing was answered with {status}."));
    }
}
