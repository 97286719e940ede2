package org.lethe.spark;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import org.lethe.LetheException;

/**
 * The classes of this process as jars that executors fetch.
 *
 * <p>Folders of classes are packed. The jars beside Spark's own stay here, because every executor has them; the command lethe
 * keeps them in a folder of their own. Where Lethe stands in the same folder, all are sent.
 */
final class Jars {
    private Jars() {}

    /**
     * The jars to send, in the order of the class path.
     *
     * @param spark the jar of Spark's core
     * @param lethe the jar or folder of Lethe's core
     * @param scratch a folder for jars made here
     */
    static List<Path> of(String classPath, Path spark, Path lethe, Path scratch) {
        Optional<Path> cluster = Optional.ofNullable(spark.getParent()).filter(f -> !f.equals(lethe.getParent()));
        List<Path> jars = new ArrayList<>();
        Set<String> names = new HashSet<>();
        try {
            for (String entry : classPath.split(File.pathSeparator)) {
                Path path = Path.of(entry).toAbsolutePath().normalize();
                if (entry.isEmpty()
                        || !Files.exists(path)
                        || cluster.filter(f -> f.equals(path.getParent())).isPresent()) {
                    continue;
                }
                Path jar = path;
                if (Files.isDirectory(path)) {
                    jar = packed(path, scratch.resolve("classes-" + jars.size() + ".jar"));
                } else if (names.contains(path.getFileName().toString())) { // Spark serves jars by their names
                    jar = Files.copy(path, scratch.resolve(jars.size() + "-" + path.getFileName()));
                }
                names.add(jar.getFileName().toString());
                jars.add(jar);
            }
        } catch (IOException e) {
            throw new LetheException(
                    LetheException.Code.STORAGE, "the classes for the cluster cannot be packed: " + e, e);
        }
        return jars;
    }

    /** The jar or folder that a class comes from. */
    static Path home(Class<?> type) {
        try {
            return Path.of(
                    type.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(type + " comes from no file", e);
        }
    }

    private static Path packed(Path folder, Path jar) throws IOException {
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar));
                Stream<Path> all = Files.walk(folder)) {
            for (Path file : all.filter(Files::isRegularFile).sorted().toList()) {
                out.putNextEntry(new JarEntry(folder.relativize(file).toString().replace(File.separatorChar, '/')));
                Files.copy(file, out);
                out.closeEntry();
            }
        }
        return jar;
    }
}
