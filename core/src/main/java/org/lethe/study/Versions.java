package org.lethe.study;

import java.io.IOException;
import java.net.JarURLConnection;
import java.net.URL;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.lethe.LetheException;
import org.lethe.numerics.Lanes;

/** What a record says about the program that made it. */
public final class Versions {
    private Versions() {}

    /** The version of Lethe that runs. */
    static String ofLethe() {
        String version = Versions.class.getPackage().getImplementationVersion();
        return version == null ? "development" : version;
    }

    /** The versions of this process, for {@link Run#versions()}. */
    public static Map<String, String> here() {
        Map<String, String> versions = new LinkedHashMap<>();
        versions.put("format", String.valueOf(RunFolder.FORMAT));
        versions.put("java", Runtime.version().toString());
        versions.put("kernels", Lanes.VECTOR ? "vector" : "plain: " + Lanes.OBSTACLE);
        versions.put("lethe", ofLethe());
        Commit.NAME.ifPresent(commit -> versions.put("commit", commit));
        return versions;
    }

    /** The commit that this Lethe was built from, where the manifest of its jar names it. */
    private static final class Commit {
        static final Optional<String> NAME = named(Versions.class.getResource("Versions.class"));

        private static Optional<String> named(@Nullable URL own) {
            try {
                return own != null && own.openConnection() instanceof JarURLConnection jar && jar.getManifest() != null
                        ? Optional.ofNullable(
                                        jar.getManifest().getMainAttributes().getValue("Build-Commit"))
                                .filter(name -> !name.isBlank())
                        : Optional.empty();
            } catch (IOException e) {
                throw new LetheException(LetheException.Code.STORAGE, own + ": its manifest cannot be read", e);
            }
        }
    }
}
