from django.urls import path

from .views import home, review, search
from .views.styleguide import styleguide

urlpatterns = [
    path("", home.home, name="home"),
    path("review/", review.review, name="review"),
    path("search/", search.search, name="search"),
    path("styleguide/", styleguide, name="styleguide"),
]
