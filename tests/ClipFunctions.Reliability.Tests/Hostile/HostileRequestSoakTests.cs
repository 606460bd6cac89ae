using System.Globalization;
using ClipFunctions.Reliability.Tests.Load;
using ClipFunctions.Testing;

namespace ClipFunctions.Reliability.Tests.Hostile;

/// <summary>The long form of <see cref="HostileRequestTests"/>: <c>./test.sh --soak</c>. <c>CLIP_SOAK_REQUESTS</c> tells how many mutations there are (100,000).</summary>
[Trait("Category", "Soak")]
[Collection("Soak")]
public sealed class HostileRequestSoakTests
{
    private static readonly int Mutations =
        int.TryParse(Environment.GetEnvironmentVariable("CLIP_SOAK_REQUESTS"), CultureInfo.InvariantCulture, out int requests) ? requests : 100_000;

    [Fact(Explicit = true)]
    public async Task EveryAnswerComesSoonAndIsAProblemThatTellsNothing()
    {
        Console.WriteLine($"  seed {Storm.Seed}");
        await using AzuriteServer azurite = new();
        await azurite.InitializeAsync();
        int crafted = 0;
        IReadOnlyDictionary<int, int> statuses = await RequestStorm.RunAsync(azurite, All, TimeSpan.FromSeconds(30));

        Console.WriteLine("| hostile requests | crafted | answers by status (0: the connection was closed) |");
        Console.WriteLine("|---|---|---|");
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {statuses.Values.Sum()} | {crafted} | {string.Join(", ", statuses.OrderByDescending(status => status.Value).Select(status => $"{status.Value} × {status.Key}"))} |"));

        IEnumerable<(ApiEndpoint Endpoint, HostileRequest Request)> All(HostileRequests requests)
        {
            foreach ((ApiEndpoint, HostileRequest) one in requests.Crafted())
            {
                crafted++;
                yield return one;
            }

            for (int i = 0; i < Mutations; i++)
            {
                yield return requests.Mutation(Storm.Seed, i);
            }
        }
    }
}
