package org.lethe.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.lethe.Env;
import org.lethe.recsys.shop.Erasure;
import org.lethe.recsys.shop.Shop;

final class ShopExample {
    private ShopExample() {}

    static List<Shop.Ranked> example(Path folder) throws IOException {
        // example
        Shop shop = Shop.open(folder);
        List<Shop.Ranked> list = shop.recommend("4713", 10);
        shop.forget(Erasure.ofUsers(List.of("4713")), Shop.Keep.NOTHING, false, Env.seeded(0));
        // example
        return list;
    }
}
