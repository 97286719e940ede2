package org.lethe.recsys.sequence;

import org.lethe.DataFolders;
import org.lethe.Subject;
import org.lethe.laws.SubjectLaws;

import java.util.List;

class BasketsLawsTest extends SubjectLaws<Events, NextItems> {
    @Override
    protected Subject<Events, NextItems> subject() {
        return new Baskets();
    }

    @Override
    protected Events data() {
        return new PlantedBaskets(60, 5).load(new DataFolders(List.of()));
    }
}
