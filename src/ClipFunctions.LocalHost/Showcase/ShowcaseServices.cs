namespace ClipFunctions.LocalHost.Showcase;

/// <summary>Adds the showcase where a folder is given.</summary>
public static class ShowcaseServices
{
    /// <summary>Adds <see cref="ShowcaseRun"/> if <c>Showcase:Folder</c> is set.</summary>
    public static IServiceCollection AddShowcase(this IServiceCollection services, IConfiguration configuration)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        IConfigurationSection section = configuration.GetSection(ShowcaseOptions.Section);
        if (section[nameof(ShowcaseOptions.Folder)] is { Length: > 0 })
        {
            services.AddOptions<ShowcaseOptions>().Bind(section);
            services.AddHostedService<ShowcaseRun>();
        }

        return services;
    }
}
