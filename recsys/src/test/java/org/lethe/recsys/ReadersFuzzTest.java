package org.lethe.recsys;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.lethe.Components;
import org.lethe.DataFolders;
import org.lethe.LetheException;
import org.lethe.Progress;
import org.lethe.Safetensors;
import org.lethe.Workers;
import org.lethe.laws.Fuzz;
import org.lethe.recsys.data.InteractionFile;
import org.lethe.recsys.sequence.BasketFile;
import org.lethe.recsys.sequence.SessionFile;
import org.lethe.study.Engine;
import org.lethe.study.RunFolder;
import org.lethe.study.Study;
import org.lethe.tables.EmbeddingFile;
import org.lethe.tables.EmbeddingTable;
import org.lethe.tables.Entities;

/** Every reader of a file of a user, and of a file that Lethe wrote, against changed files. */
@Timeout(3600)
class ReadersFuzzTest {
    private static final DataFolders NONE = new DataFolders(List.of());

    @TempDir
    @SuppressWarnings("NullAway.Init") // set by JUnit
    Path folder;

    private void fuzz(String name, String file, int usual, List<byte[]> seeds, Fuzz.Reader reader) throws IOException {
        Fuzz.Outcome outcome = new Fuzz(name, folder.resolve(file), seeds, reader).run(usual);
        assertTrue(outcome.refused() > 0, outcome + ": changes that no reader minds test nothing");
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] packed(String text) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write(bytes(text));
        }
        return packed.toByteArray();
    }

    private static final String ROWS = """
            user,item,stars,ts
            1,2,3.5,1500000000.25
            1,"a ""b"", c",4,2009-05-01T12:00:00+00:00
            é,3,-1e-3,2009-05-01 14:30:00.123
            "x
            y",4,5,1500000001
            2,5,1,1500000002
            """;

    @Test
    void interactions() throws IOException {
        InteractionFile columns = new InteractionFile("").withValue("stars").withTime("ts");
        List<byte[]> rows =
                List.of(bytes(ROWS), bytes(ROWS.replace("\n", "\r\n")), bytes("user,item,stars,ts\n1,2,3,4\n"));
        fuzz("interactions .csv", "i.csv", 3000, rows, f -> at(columns, f).load(NONE));
        fuzz(
                "interactions .tsv",
                "i.tsv",
                2000,
                List.of(bytes(ROWS.replace("\"a \"\"b\"\", c\"", "a").replace(',', '\t'))),
                f -> at(columns, f).facts(NONE));
        fuzz(
                "interactions .csv.gz",
                "i.csv.gz",
                2000,
                List.of(packed(ROWS)),
                f -> at(columns, f).load(NONE));
        fuzz(
                "movielens",
                "m.dat",
                2000,
                List.of(bytes("1::2::3::978302109\n1::3::4::978302110\n2::2::5::9\n"), bytes("1\t2\t3\n2\t3\t4.5\n")),
                f -> new InteractionFile(f.toString())
                        .withFormat(InteractionFile.Format.MOVIELENS)
                        .load(NONE));
        fuzz(
                "lists",
                "l.txt",
                2000,
                List.of(bytes("0 1 2 3\n1 0 2\n2\n3 1 \n")),
                f -> new InteractionFile(f.toString())
                        .withFormat(InteractionFile.Format.LISTS)
                        .load(NONE));
        Path small = Files.writeString(folder.resolve("s.csv"), "user,item\n1,2\n2,3\n1,3\n2,2\n");
        fuzz(
                "people .csv",
                "p.csv",
                2000,
                List.of(bytes("id,gender,age\n1,f,30\n2,m,nan\n3,,41\n"), bytes("id,a\n1,b\n1,b\n")),
                f -> new InteractionFile(small.toString())
                        .withPeople(f.toString(), "id")
                        .load(NONE));
    }

    private static InteractionFile at(InteractionFile settings, Path file) {
        return Components.with(settings, "path", file.toString());
    }

    @Test
    void sessionsAndBaskets() throws IOException {
        String rows = "user,session,basket,item,time\nu,s,s,a,10\nu,s,s,b,20\nu,t,t,a,30\nu,t,t,c,40\n";
        fuzz(
                "sessions",
                "e.csv",
                1500,
                List.of(bytes(rows)),
                f -> Components.with(new SessionFile(), "path", f.toString()).load(NONE));
        fuzz(
                "baskets",
                "b.csv",
                1500,
                List.of(bytes(rows)),
                f -> Components.with(new BasketFile(), "path", f.toString()).load(NONE));
    }

    @Test
    void embeddings() throws IOException {
        EmbeddingTable table = new EmbeddingTable(
                "t", Entities.ofNumbers(new long[] {4, 7, 9}), 2, new float[] {1, 2, -3, 0.5f, 1e-3f, 6});
        EmbeddingTable numbered = new EmbeddingTable("t", Entities.numbered(3), 2, table.rows());
        Path attributes = Files.writeString(folder.resolve("a.csv"), "id,g\n4,f\n7,m\n");
        Path counted = Files.writeString(folder.resolve("c.csv"), "id,g\n0,f\n1,m\n");
        for (String ending : List.of("csv", "tsv", "npy", "safetensors", "parquet")) {
            Path file = folder.resolve("seed." + ending);
            EmbeddingFile.of(file, "id", "").write(ending.equals("npy") ? numbered : table);
            List<byte[]> seeds = new ArrayList<>(List.of(Files.readAllBytes(file)));
            if (ending.equals("csv")) {
                seeds.add(bytes("id,v\n4,\"[0.5, 1]\"\n2,[1 2]\n"));
            }
            fuzz(
                    "embeddings ." + ending,
                    "t." + ending,
                    ending.equals("parquet") ? 40 : 2000,
                    seeds,
                    f -> EmbeddingTable.read(f, "id", "").with(ending.equals("npy") ? counted : attributes, "id", "g"));
        }
        fuzz(
                "safetensors",
                "u.safetensors",
                2500,
                List.of(Files.readAllBytes(folder.resolve("seed.safetensors"))),
                f -> {
                    try (Safetensors read = Safetensors.open(f)) {
                        for (Map.Entry<String, Safetensors.Entry> entry :
                                read.entries().entrySet()) {
                            if (entry.getValue().dtype() == Safetensors.Dtype.I64) {
                                read.longs(entry.getKey());
                            } else {
                                read.floats(entry.getKey());
                            }
                        }
                    }
                });
    }

    private static final String STUDY = """
            study: fuzzed # a comment
            subject: recsys
            data: [{planted: {users: 120, items: 80, validation: 0}}, {file: {path: "a b.csv", time: ts}}]
            model: [{bpr: {epochs: 2, learningRate: 1e-3}}, lightgcn]
            request:
              - {forget-users: {choose: listed, users: ["1", u2]}}
              - [forget-items, {hide: {attribute: gender}}]
            method: [{sisa: {shards: 3}}, [scif, d2d-r]]
            audit: [utility, {completeness: {}}]
            seeds: [1, 2]
            keep: learned
            """;

    @Test
    void studies() throws IOException {
        fuzz("studies", "s.yaml", 2000, List.of(bytes(STUDY)), f -> Study.read(f, List.of(new Recsys())));
    }

    @Test
    void recordsOfARun() throws IOException {
        Study<?, ?> study = Study.parse("s.yaml", """
                study: small
                subject: recsys
                data: [{planted: {users: 120, items: 60, interactionsPerUser: 10}}]
                model: [{bpr: {epochs: 1, dims: 4}}]
                request: [{forget-users: {choose: listed, users: ["1", "2"]}}]
                method: [retrain]
                audit: [utility]
                seeds: [1]
                keep: all
                """, List.of(new Recsys()));
        RunFolder runs = RunFolder.at(folder.resolve("small"));
        try (Workers workers = Workers.here()) {
            new Engine(workers, Progress.NONE, NONE).run(study, runs, false);
        }
        for (String part : List.of("", "cells", "audits", "models")) {
            Path in = runs.path().resolve(part);
            for (Path file : files(in)) {
                String name = file.getFileName().toString();
                byte[] whole = Files.readAllBytes(file);
                if (name.endsWith(".json")) {
                    fuzz(
                            "run folder " + (part.isEmpty() ? name : part),
                            folder.relativize(file).toString(),
                            300,
                            List.of(whole),
                            name.equals("persons.json")
                                    ? f -> new Engine(Workers.here(), Progress.NONE, NONE).plan(study, runs)
                                    : part.equals("models") ? f -> whole(runs) : f -> runs.runs());
                } else if (name.endsWith(".safetensors")) {
                    fuzz("models", folder.relativize(file).toString(), 1000, List.of(whole), f -> new Recsys().load(f));
                }
                Files.write(file, whole);
            }
        }
    }

    private static void whole(RunFolder runs) {
        List<String> complaints = runs.verify();
        if (!complaints.isEmpty()) {
            throw new LetheException(LetheException.Code.STORAGE, complaints.getFirst());
        }
    }

    private static List<Path> files(Path folder) throws IOException {
        try (var files = Files.list(folder)) {
            return files.filter(Files::isRegularFile).sorted().limit(2).toList();
        }
    }
}
