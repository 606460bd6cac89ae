using ClipFunctions.Clip.Imaging;
using ClipFunctions.Clip.ZeroShot;
using ClipFunctions.ModelCaching;
using ClipFunctions.Pipeline;
using ClipFunctions.Pipeline.Labels;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace ClipFunctions.Reliability.Tests.Load;

/// <summary>The right answers about the pictures of <see cref="Gallery"/>: each encoded by itself, without storage or neighbours; once per process.</summary>
internal static class Answers
{
    private const int Labels = 3;

    private static readonly Lazy<Task<Expected[]>> All = new(ComputeAsync);

    /// <summary>The answer about each picture.</summary>
    public static Task<Expected[]> GetAsync() => All.Value;

    private static async Task<Expected[]> ComputeAsync()
    {
        IConfiguration configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([new(ClipPipelineServices.StorageSetting, "UseDevelopmentStorage=true")])
            .Build();
        await using ServiceProvider services = new ServiceCollection().AddSingleton(configuration).AddLogging().AddClipPipeline().BuildServiceProvider();
        using ModelLease lease = await services.GetRequiredService<ModelCache>().LeaseAsync("demo", CancellationToken.None);
        TaggingHead head = await services.GetRequiredService<TaggingHeads>().ForAsync(lease.Model, CancellationToken.None);
        Expected[] answers = new Expected[Gallery.Count + 1];
        for (int i = 0; i < answers.Length; i++)
        {
            try
            {
                float[] vector = lease.Model.EncodeImage([Gallery.File(i)])[0].ToArray();
                IReadOnlyList<LabelScore> scores = await head.ScoreAsync(lease.Model, vector, Labels, CancellationToken.None);
                answers[i] = new Expected(vector, [.. scores.Select(score => score.Label)]);
            }
            catch (ImageException)
            {
                answers[i] = new Expected(null, []);
            }

            Assert.Equal(Gallery.IsGood(i), answers[i].Vector is not null);
        }

        return answers;
    }
}
