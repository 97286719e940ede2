package org.lethe.recsys.shop;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.lethe.Env;
import org.lethe.Learner;
import org.lethe.LetheException;
import org.lethe.Method;
import org.lethe.Named;
import org.lethe.numerics.Keyed;
import org.lethe.recsys.Recommender;
import org.lethe.recsys.Split;
import org.lethe.recsys.backbone.Bpr;
import org.lethe.recsys.backbone.Ease;
import org.lethe.recsys.backbone.ItemKnn;
import org.lethe.recsys.forget.Decrement;
import org.lethe.recsys.forget.Downdate;
import org.lethe.recsys.forget.RecEraser;
import org.lethe.recsys.forget.Retrain;
import org.lethe.recsys.forget.Sisa;
import org.lethe.study.Storage;
import org.lethe.tables.EmbeddingTable;

/** A small shop of 60 customers and 40 articles in two tastes: even customers buy even articles. */
class ShopTest {
    private static final Env ENV = Env.seeded(3);
    private static final Bpr MODEL = new Bpr().withDims(8).withEpochs(60).withLearningRate(0.05);

    @TempDir
    Path folder;

    private Path shop = Path.of("");
    private Path purchases = Path.of("");

    @BeforeEach
    void purchases() throws IOException {
        shop = folder.resolve("shop");
        purchases = folder.resolve("purchases.csv");
        StringBuilder csv = new StringBuilder("customer,article\n");
        Keyed key = Keyed.seed(1);
        for (int u = 0; u < 60; u++) {
            for (int n = 0; n < 12; n++) {
                int article = 2 * Keyed.below(key.of("article").at(u, n), 20) + u % 2;
                csv.append("customer-%03d,article-%03d\n".formatted(u, article));
            }
        }
        Files.writeString(purchases, csv);
    }

    private TrainShop.Result trained(Method<Split, Recommender> method, double test) throws IOException {
        return new TrainShop(purchases, "customer", "article", "", "", 0, MODEL, method, test, 0.1, shop).run(ENV);
    }

    @Test
    void recommendsWhatTheCustomerHasNotBought() throws IOException {
        TrainShop.Result made = trained(new Retrain(), 0);
        assertEquals(60, made.users());
        List<Shop.Ranked> list = Shop.open(shop).recommend("customer-004", 5);
        assertEquals(5, list.size());
        String bought = Files.readString(purchases);
        int even = 0;
        for (Shop.Ranked ranked : list) {
            assertFalse(bought.contains("customer-004," + ranked.item() + "\n"), ranked.item());
            even += (ranked.item().charAt(ranked.item().length() - 1) - '0') % 2 == 0 ? 1 : 0;
        }
        assertTrue(even >= 4, "the taste is learned: " + list);
        List<Shop.Ranked> all = Shop.open(shop).recommend("customer-004", 100, true);
        assertEquals(40, all.size());
        for (int top = 1; top <= 40; top++) {
            assertEquals(all.subList(0, top), Shop.open(shop).recommend("customer-004", top, true));
        }
        for (int n = 1; n < all.size(); n++) {
            assertTrue(all.get(n - 1).score() >= all.get(n).score(), n + ": " + all);
        }
        String stranger = assertThrows(
                        LetheException.class, () -> Shop.open(shop).recommend("customer-999", 5))
                .getMessage();
        assertTrue(stranger.contains("the user is not known, expected one of the 60 ids"), stranger);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void forgettingLeavesTheBitsOfATrainingWithoutThem(boolean shards) throws IOException {
        trained(shards ? new Sisa(4, 1) : new Retrain(), 0);
        Shop opened = Shop.open(shop);
        Shop.Change change =
                opened.forget(Erasure.ofUsers(List.of("customer-017", "customer-042")), Shop.Keep.NOTHING, true, ENV);
        assertEquals(Optional.of(true), change.verified());
        assertEquals(2, change.version());
        assertTrue(change.removed() > 10);
        assertEquals(Shop.open(shop).recommend("customer-003", 40), opened.recommend("customer-003", 40));
        assertThrows(LetheException.class, () -> opened.recommend("customer-017", 3));
        assertThrows(
                LetheException.class,
                () -> opened.forget(Erasure.ofUsers(List.of("customer-017")), Shop.Keep.NOTHING, false, ENV));
        assertEquals(2, new ShopHistory(shop).run(ENV).events().size());
    }

    @Test
    void nothingInTheFolderNamesTheForgotten() throws IOException {
        trained(new Sisa(4, 1), 0);
        assertTrue(somewhere("customer-017"), "the canary can sing");
        Shop.open(shop).forget(Erasure.ofUsers(List.of("customer-017")), Shop.Keep.NOTHING, false, ENV);
        assertFalse(somewhere("customer-017"), "an id is left");
        assertTrue(somewhere("customer-018"));
        assertEquals(
                List.of("current", "key", "v2"),
                names().filter(n -> !n.startsWith(".")).toList());
        EmbeddingTable factors = exported();
        assertEquals(59, factors.entities().size());
        assertTrue(factors.entities().find("customer-017").isEmpty());
    }

    private EmbeddingTable exported() throws IOException {
        Path file = folder.resolve("factors.csv");
        new ExportFactors(shop, ExportFactors.Side.USERS, file).run(ENV);
        return EmbeddingTable.read(file, "id", "");
    }

    private Stream<String> names() throws IOException {
        try (Stream<Path> all = Files.list(shop)) {
            return all.map(p -> p.getFileName().toString()).sorted().toList().stream();
        }
    }

    private boolean somewhere(String text) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.walk(shop)) {
            files = all.filter(Files::isRegularFile).toList();
        }
        for (Path file : files) {
            if (new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).contains(text)) {
                return true;
            }
        }
        return false;
    }

    @Test
    void itemsAndSingleInteractionsGoToo() throws IOException {
        trained(new Retrain(), 0);
        Shop opened = Shop.open(shop);
        Path single = folder.resolve("single.csv");
        String row = Files.readAllLines(purchases).get(1);
        Files.writeString(single, "customer,article\n" + row + "\n");
        ForgetInShop.Result one = new ForgetInShop(
                        shop, List.of(), Optional.empty(), List.of(), Optional.empty(), Optional.of(single), true, "0")
                .run(ENV);
        assertEquals(1, one.change().removed());
        assertTrue(Shop.open(shop).recommend("customer-000", 40).stream()
                .anyMatch(r -> row.endsWith(r.item()))); // it is new to the customer again
        Shop again = Shop.open(shop);
        again.forget(new Erasure(List.of(), List.of("article-004"), List.of()), Shop.Keep.NOTHING, true, ENV);
        assertTrue(again.recommend("customer-002", 100, true).stream()
                .noneMatch(r -> r.item().equals("article-004")));
        assertThrows(
                LetheException.class,
                () -> opened.forget(
                        new Erasure(List.of(), List.of(), List.of(new Erasure.Pair("customer-000", "article-001"))),
                        Shop.Keep.NOTHING,
                        false,
                        ENV));
    }

    @Test
    void whatIsAddedIsLearned() throws IOException {
        trained(new Sisa(4, 1), 0);
        Path more = folder.resolve("more.csv");
        Files.writeString(
                more,
                "customer,article\nnewcomer,article-000\nnewcomer,article-002\nnewcomer,novelty\ncustomer-001,novelty\n");
        AddToShop.Result added = new AddToShop(shop, more).run(ENV);
        assertEquals(4, added.change().added());
        assertEquals(1, added.change().newUsers());
        assertEquals(1, added.change().newItems());
        assertEquals(5, Shop.open(shop).recommend("newcomer", 5).size());
        String again = assertThrows(LetheException.class, () -> new AddToShop(shop, more).run(ENV))
                .getMessage();
        assertTrue(again.contains("nothing is new among 4 interactions"), again);
        Shop.open(shop).forget(Erasure.ofUsers(List.of("newcomer")), Shop.Keep.NOTHING, true, ENV);
    }

    @Test
    void aCrashLeavesTheOldVersionOrTheNew() throws IOException {
        trained(new Retrain(), 0);
        List<Shop.Ranked> before = Shop.open(shop).recommend("customer-003", 10);
        copy(shop.resolve("v1"), shop.resolve("v2.unfinished")); // killed while writing
        copy(shop.resolve("v1"), shop.resolve("v2")); // killed before the new one became current
        assertEquals(before, Shop.open(shop).recommend("customer-003", 10));
        Shop.open(shop).forget(Erasure.ofUsers(List.of("customer-017")), Shop.Keep.NOTHING, false, ENV);
        copy(shop.resolve("v2"), shop.resolve("v1")); // killed before the old one was deleted
        Shop.open(shop).forget(Erasure.ofUsers(List.of("customer-018")), Shop.Keep.NOTHING, false, ENV);
        assertEquals(
                List.of("current", "key", "v3"),
                names().filter(n -> !n.startsWith(".")).toList());
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.createDirectories(to);
        List<Path> files;
        try (Stream<Path> all = Files.list(from)) {
            files = all.toList();
        }
        for (Path file : files) {
            Files.copy(file, to.resolve(file.getFileName()));
        }
    }

    @Test
    void anOldVersionStaysAsLongAsItIsAskedTo() throws IOException {
        trained(new Retrain(), 0);
        kept("customer-017", "7d").run(ENV);
        assertTrue(Files.isDirectory(shop.resolve("v1")));
        Storage.write(
                shop.resolve("v1/delete-after"),
                "2020-01-01T00:00:00Z".getBytes(StandardCharsets.UTF_8)); // time is over
        kept("customer-018", "0").run(ENV);
        assertFalse(Files.exists(shop.resolve("v1")));
        assertThrows(IllegalArgumentException.class, () -> kept("a", "soon"));
    }

    private ForgetInShop kept(String user, String keepOld) {
        return new ForgetInShop(
                shop, List.of(user), Optional.empty(), List.of(), Optional.empty(), Optional.empty(), false, keepOld);
    }

    @Test
    void idsMayStandInAFileAndHoldCommas() throws IOException {
        Files.writeString(
                purchases,
                Files.readString(purchases)
                        .replace("customer-017", "\"Doe, Jane\"")
                        .replace("article-004", "\"pen, blue\""));
        trained(new Retrain(), 0);
        Path users = Files.writeString(folder.resolve("users.txt"), "\uFEFFDoe, Jane\r\n\r\ncustomer-018\r\n");
        Path items = Files.writeString(folder.resolve("items.txt"), "pen, blue");
        ForgetInShop.Result done = new ForgetInShop(
                        shop,
                        List.of("customer-019"),
                        Optional.of(users),
                        List.of(),
                        Optional.of(items),
                        Optional.empty(),
                        false,
                        "0")
                .run(ENV);
        assertEquals(3, done.change().users());
        assertEquals(1, done.change().items());
        assertFalse(somewhere("Jane") || somewhere("customer-018") || somewhere("pen, blue"));
        Files.writeString(users, "\n \n");
        ForgetInShop empty = new ForgetInShop(
                shop, List.of(), Optional.of(users), List.of(), Optional.empty(), Optional.empty(), false, "0");
        String none = assertThrows(LetheException.class, () -> empty.run(ENV)).getMessage();
        assertTrue(none.contains("users.txt: holds no id, expected one on each line"), none);
        Files.write(users, new byte[] {'a', (byte) 0xFF, '\n'});
        String binary = assertThrows(LetheException.class, () -> empty.run(ENV)).getMessage();
        assertTrue(binary.contains("users.txt: is no text in UTF-8"), binary);
    }

    @Test
    void messagesCountTheIdsThatAreLeft() throws IOException {
        trained(new Retrain(), 0);
        Shop opened = Shop.open(shop);
        opened.forget(Erasure.ofUsers(List.of("customer-017", "customer-018")), Shop.Keep.NOTHING, false, ENV);
        String again = assertThrows(LetheException.class, () -> opened.recommend("customer-017", 5))
                .getMessage();
        assertTrue(again.contains("expected one of the 58 ids"), again);
    }

    @Test
    void anArrayOfFactorsHasItsIdsBesideIt() throws IOException {
        trained(new Retrain(), 0);
        Shop.open(shop).forget(Erasure.ofUsers(List.of("customer-017")), Shop.Keep.NOTHING, false, ENV);
        Path file = folder.resolve("factors.npy");
        ExportFactors.Result written = new ExportFactors(shop, ExportFactors.Side.USERS, file).run(ENV);
        List<String> ids = Files.readAllLines(written.ids().orElseThrow());
        assertEquals(folder.resolve("factors.ids.txt"), written.ids().orElseThrow());
        assertEquals(59, ids.size());
        EmbeddingTable array = EmbeddingTable.read(file, "", "");
        EmbeddingTable table = exported();
        for (int row : new int[] {0, 30, 58}) {
            int there = table.entities().find(ids.get(row)).orElseThrow();
            assertEquals(table.rows()[there * 8 + 3], array.rows()[row * 8 + 3]);
        }
        assertTrue(new ExportFactors(shop, ExportFactors.Side.USERS, folder.resolve("factors.tsv"))
                .run(ENV)
                .ids()
                .isEmpty());
    }

    @Test
    void everybodyCanLeave() throws IOException {
        record Way(Learner<Split, Recommender> learner, Method<Split, Recommender> method) {}
        List<String> all =
                IntStream.range(0, 60).mapToObj("customer-%03d"::formatted).toList();
        int n = 0;
        for (Way way : List.of(
                new Way(new Ease(), new Retrain()),
                new Way(new Ease(), new Downdate()),
                new Way(new ItemKnn(), new Retrain()),
                new Way(new ItemKnn(), new Decrement()),
                new Way(MODEL, new Sisa(4, 1)))) {
            Path own = folder.resolve("way-" + n++);
            new TrainShop(purchases, "customer", "article", "", "", 0, way.learner, way.method, 0, 0.1, own).run(ENV);
            Shop opened = Shop.open(own);
            assertEquals(
                    0,
                    opened.forget(Erasure.ofUsers(all), Shop.Keep.NOTHING, false, ENV)
                            .interactions());
            assertEquals(2, Shop.open(own).events().size());
        }
        trained(new Retrain(), 0);
        String nothingLeft = assertThrows(
                        LetheException.class,
                        () -> Shop.open(shop).forget(Erasure.ofUsers(all), Shop.Keep.NOTHING, false, ENV))
                .getMessage();
        assertTrue(nothingLeft.contains("deleting the folder erases everybody"), nothingLeft);
    }

    @Test
    void onlyMethodsThatCanForgetInAShopAreOffered() {
        List<String> offered = new TrainShop()
                .entries().stream()
                        .filter(Method.class::isInstance)
                        .map(Named.Of::name)
                        .toList();
        assertTrue(offered.containsAll(List.of("retrain", "sisa", "receraser", "decrement")), offered.toString());
        assertFalse(offered.contains("do-nothing") || offered.contains("equal-noise"), offered.toString());
    }

    @Test
    void aKeptVersionGoesWithTheNextErasureAndWhenItsTimeIsOver() throws IOException {
        trained(new Retrain(), 0);
        Shop.Keep week = new Shop.Keep(Duration.ofDays(7));
        Shop.open(shop).forget(Erasure.ofUsers(List.of("customer-017")), week, false, ENV);
        assertTrue(Files.isDirectory(shop.resolve("v1")));
        Shop.open(shop).forget(Erasure.ofUsers(List.of("customer-042")), Shop.Keep.NOTHING, false, ENV);
        assertFalse(Files.exists(shop.resolve("v1")), "it names the one who was forgotten second");
        Shop.open(shop).forget(Erasure.ofUsers(List.of("customer-043")), week, false, ENV);
        assertTrue(Files.isDirectory(shop.resolve("v3")));
        Files.writeString(shop.resolve("v3/delete-after"), "2020-01-01T00:00:00Z");
        Shop.open(shop).recommend("customer-001", 3);
        assertFalse(Files.exists(shop.resolve("v3")), "any command deletes what is over");
    }

    @Test
    void aForgedOrCutLastLineOfTheHistoryIsFound() throws IOException {
        trained(new Retrain(), 0);
        Shop.open(shop).forget(Erasure.ofUsers(List.of("customer-017")), Shop.Keep.NOTHING, false, ENV);
        Path history = shop.resolve("v2/history.jsonl");
        String told = Files.readString(history);
        for (String forged : List.of(
                told.replace("\"verified\":false}", "\"verified\":true}")
                        .replaceFirst("(?s)(.*)\"verified\":false", "$1\"verified\":true"),
                told.lines().findFirst().orElseThrow() + "\n")) {
            Files.writeString(history, forged);
            String message =
                    assertThrows(LetheException.class, () -> Shop.open(shop)).getMessage();
            assertTrue(message.contains("its last line is not the one that was sealed"), message);
        }
        Files.writeString(history, told.substring(0, told.length() - 80));
        String cut = assertThrows(LetheException.class, () -> Shop.open(shop)).getMessage();
        assertTrue(cut.startsWith(history + ":2: is no event, or was cut off"), cut);
        Files.write(history, new byte[] {'{', (byte) 0xC3});
        String half = assertThrows(LetheException.class, () -> Shop.open(shop)).getMessage();
        assertTrue(half.startsWith(history + ":1: is no event"), half);
        Files.writeString(history, told);
        assertTrue(new ShopHistory(shop).run(ENV).intact());
    }

    @Test
    void aPersonAskedForTwiceIsOne() throws IOException {
        trained(new Retrain(), 0);
        Shop.Change change = Shop.open(shop)
                .forget(Erasure.ofUsers(List.of("customer-017", "customer-017")), Shop.Keep.NOTHING, false, ENV);
        assertEquals(1, change.users());
    }

    @Test
    void aCertificateSaysWhatTheHistorySaysAndNamesNobody() throws IOException {
        trained(new Retrain(), 0);
        Shop opened = Shop.open(shop);
        Path page = folder.resolve("certificate.html");
        Certificate last = new Certificate(shop, 0, page);
        String nothing = assertThrows(LetheException.class, () -> last.run(ENV)).getMessage();
        assertTrue(nothing.contains("nothing was forgotten yet"), nothing);
        opened.forget(Erasure.ofUsers(List.of("customer-017")), Shop.Keep.NOTHING, true, ENV);
        opened.forget(Erasure.ofUsers(List.of("customer-042")), Shop.Keep.NOTHING, false, ENV);
        assertEquals(3, last.run(ENV).version());
        String unchecked = Files.readString(page);
        assertTrue(unchecked.contains("nobody repeated the training"), unchecked);
        assertEquals(2, new Certificate(shop, 2, page).run(ENV).version());
        String checked = Files.readString(page);
        assertTrue(checked.contains("the training was done and compared"), checked);
        History.Event event = Shop.open(shop).events().get(1);
        for (String said : List.of(event.model(), event.data(), event.request(), event.time())) {
            assertTrue(checked.contains(said), said);
        }
        assertFalse(checked.contains("customer") || unchecked.contains("customer"));
        String wrong = assertThrows(LetheException.class, () -> new Certificate(shop, 1, page).run(ENV))
                .getMessage();
        assertTrue(wrong.contains("version 1 is no erasure, expected one of [2, 3]"), wrong);
    }

    @Test
    void aChangedHistoryOrModelIsFound() throws IOException {
        trained(new Retrain(), 0);
        Shop.open(shop).forget(Erasure.ofUsers(List.of("customer-017")), Shop.Keep.NOTHING, false, ENV);
        assertTrue(new ShopHistory(shop).run(ENV).intact());
        Path history = shop.resolve("v2/history.jsonl");
        String told = Files.readString(history);
        Files.writeString(history, told.replaceFirst("\"interactions\":\\d+", "\"interactions\":1"));
        String broken =
                assertThrows(LetheException.class, () -> Shop.open(shop)).getMessage();
        assertTrue(broken.contains("history.jsonl:2: the line before was changed"), broken);
        Files.writeString(history, told);
        Path model = shop.resolve("v2/model.safetensors");
        byte[] bytes = Files.readAllBytes(model);
        bytes[bytes.length - 1] ^= 1;
        Files.write(model, bytes);
        String altered = assertThrows(LetheException.class, () -> new ShopHistory(shop).run(ENV))
                .getMessage();
        assertTrue(altered.contains("it was changed since"), altered);
    }

    @Test
    void refusesWhatItCannotPromise() throws IOException {
        trained(new RecEraser(), 0.2);
        assertTrue(Shop.open(shop).evaluate(10, ENV).containsKey("recall"));
        String only = assertThrows(
                        LetheException.class,
                        () -> Shop.open(shop)
                                .forget(Erasure.ofUsers(List.of("customer-017")), Shop.Keep.NOTHING, true, ENV))
                .getMessage();
        assertTrue(only.contains("receraser is exact given the partition"), only);
        assertThrows(LetheException.class, () -> trained(new Retrain(), 0)); // the folder is taken
        Path other = folder.resolve("other");
        TrainShop unsuited =
                new TrainShop(purchases, "customer", "article", "", "", 0, MODEL, new Downdate(), 0, 0.1, other);
        String suited =
                assertThrows(LetheException.class, () -> unsuited.run(ENV)).getMessage();
        assertTrue(suited.contains("bpr does not have; expected one of retrain, sisa, "), suited);
        assertFalse(suited.contains(", decrement"), suited);
        String nowhere =
                assertThrows(LetheException.class, () -> Shop.open(folder)).getMessage();
        assertTrue(nowhere.contains("expected a folder that lethe recsys train made"), nowhere);
    }

    @Test
    void thoseThatReadGoOnWhileItForgets() throws Exception {
        trained(new Sisa(4, 1), 0);
        Shop opened = Shop.open(shop);
        AtomicBoolean over = new AtomicBoolean();
        List<Throwable> wrong = new ArrayList<>();
        Thread reader = Thread.ofPlatform().start(() -> {
            try {
                while (!over.get()) {
                    assertEquals(5, opened.recommend("customer-003", 5).size());
                }
            } catch (Throwable e) {
                wrong.add(e);
            }
        });
        for (int u = 10; u < 15; u++) {
            opened.forget(Erasure.ofUsers(List.of("customer-0" + u)), Shop.Keep.NOTHING, false, ENV);
        }
        over.set(true);
        reader.join();
        assertEquals(List.of(), wrong);
    }
}
