package org.lethe.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JarsTest {
    @TempDir
    Path folder;

    private Path file(String name) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, name);
    }

    private List<String> sent(Path spark, Path lethe, Path... entries) throws IOException {
        Path scratch = Files.createDirectories(folder.resolve("scratch"));
        String classPath = String.join(
                File.pathSeparator,
                List.of(entries).stream().map(Path::toString).toList());
        return Jars.of(classPath, spark, lethe, scratch).stream()
                .map(jar -> folder.relativize(jar).toString())
                .toList();
    }

    @Test
    void jarsBesideSparkStayHere() throws IOException {
        Path spark = file("lib/spark/spark-core.jar");
        Path lethe = file("lib/core.jar");
        assertEquals(
                List.of("lib/core.jar", "lib/yaml.jar"),
                sent(
                        spark,
                        lethe,
                        spark,
                        file("lib/spark/netty.jar"),
                        lethe,
                        file("lib/yaml.jar"),
                        folder.resolve("none")));
    }

    @Test
    void allAreSentWhereSparkAndLetheShareAFolder() throws IOException {
        Path spark = file("lib/spark-core.jar");
        Path lethe = file("lib/core.jar");
        assertEquals(List.of("lib/spark-core.jar", "lib/core.jar"), sent(spark, lethe, spark, lethe));
    }

    @Test
    void aFolderOfClassesIsPacked() throws IOException {
        file("classes/org/A.class");
        file("classes/META-INF/services/x");
        assertEquals(
                List.of("scratch/classes-0.jar"),
                sent(file("s/spark.jar"), folder.resolve("classes"), folder.resolve("classes")));
        try (JarFile jar = new JarFile(folder.resolve("scratch/classes-0.jar").toFile())) {
            assertEquals(
                    List.of("META-INF/services/x", "org/A.class"),
                    jar.stream().map(JarEntry::getName).toList());
        }
    }

    @Test
    void twoJarsOfOneNameGetTwoNames() throws IOException {
        assertEquals(
                List.of("a/x.jar", "scratch/1-x.jar"),
                sent(file("s/spark.jar"), file("a/core.jar"), file("a/x.jar"), file("b/x.jar")));
    }
}
